#include "device/launch.cuh"
#include "kernels/norm_kernels.h"

SENET_PACKED_KERNELS(senet::SumMoments);
SENET_PACKED_KERNELS(senet::SumGradients);
SENET_PACKED_KERNELS(senet::ApplyNorm);
SENET_PACKED_KERNELS(senet::CombineGradients);
SENET_KERNEL(senet::JoinChannels<senet::Statistics<float>>);
SENET_KERNEL(senet::JoinChannels<senet::Statistics<uint16_t>>);
SENET_KERNEL(senet::JoinChannels<senet::GradientFactors>);
SENET_KERNEL(senet::FactorsOfRunning);
