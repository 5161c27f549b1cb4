#include "data/batches_kernel.h"
#include "device/launch.cuh"

SENET_KERNEL(senet::LoadImages<float>);
SENET_KERNEL(senet::LoadImages<uint16_t>);
