#include "device/launch.cuh"
#include "nn/rectify_kernels.h"

SENET_KERNEL(senet::RectifyForward<float, 1>);
SENET_KERNEL(senet::RectifyForward<float, 4>);
SENET_KERNEL(senet::RectifyForward<uint16_t, 1>);
SENET_KERNEL(senet::RectifyForward<uint16_t, 8>);
SENET_KERNEL(senet::RectifyBackward<float, 1>);
SENET_KERNEL(senet::RectifyBackward<float, 4>);
SENET_KERNEL(senet::RectifyBackward<uint16_t, 1>);
SENET_KERNEL(senet::RectifyBackward<uint16_t, 8>);
