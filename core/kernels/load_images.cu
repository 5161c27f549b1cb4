#include "device/launch.cuh"
#include "kernels/load_images_kernel.h"

SENET_KERNEL(senet::LoadImages<float>);
SENET_KERNEL(senet::LoadImages<uint16_t>);
