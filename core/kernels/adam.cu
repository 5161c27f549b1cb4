#include "device/launch.cuh"
#include "kernels/adam_kernel.h"

SENET_KERNEL(senet::AdamUpdate);
