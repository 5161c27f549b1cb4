#include "device/launch.cuh"
#include "kernels/rectify_kernels.h"

SENET_PACKED_KERNELS(senet::RectifyForward);
SENET_PACKED_KERNELS(senet::RectifyBackward);
