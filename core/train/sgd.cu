#include "device/launch.cuh"
#include "train/sgd_kernel.h"

SENET_KERNEL(senet::SgdUpdate);
