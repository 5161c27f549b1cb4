#include "device/launch.cuh"
#include "kernels/sgd_kernel.h"

SENET_KERNEL(senet::SgdUpdate);
