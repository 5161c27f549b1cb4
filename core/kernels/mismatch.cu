#include "device/launch.cuh"
#include "kernels/mismatch_kernel.h"

SENET_KERNEL(senet::AddTerms<senet::Mismatch, float, 1>);
SENET_KERNEL(senet::AddTerms<senet::Mismatch, float, 4>);
SENET_KERNEL(senet::AddTerms<senet::Mismatch, uint16_t, 1>);
SENET_KERNEL(senet::AddTerms<senet::Mismatch, uint16_t, 8>);
SENET_KERNEL(senet::AddTerms<senet::Gain, float, 1>);
SENET_KERNEL(senet::AddTerms<senet::Gain, float, 4>);
SENET_KERNEL(senet::AddTerms<senet::Gain, uint16_t, 1>);
SENET_KERNEL(senet::AddTerms<senet::Gain, uint16_t, 8>);
