#include "device/launch.cuh"
#include "train/adam_kernel.h"

SENET_KERNEL(senet::AdamUpdate);
