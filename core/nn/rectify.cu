#include "device/launch.cuh"
#include "nn/rectify_kernels.h"

SENET_PACKED_KERNELS(senet::RectifyForward);
SENET_PACKED_KERNELS(senet::RectifyBackward);
