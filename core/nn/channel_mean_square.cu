#include "nn/channel_mean_square_kernels.h"

#include "device/launch.cuh"

SENET_KERNEL(senet::MeanSquares<float, 1>);
SENET_KERNEL(senet::MeanSquares<float, 4>);
SENET_KERNEL(senet::MeanSquares<uint16_t, 1>);
SENET_KERNEL(senet::MeanSquares<uint16_t, 8>);
SENET_KERNEL(senet::ScaleRows<float, 1>);
SENET_KERNEL(senet::ScaleRows<float, 4>);
SENET_KERNEL(senet::ScaleRows<uint16_t, 1>);
SENET_KERNEL(senet::ScaleRows<uint16_t, 8>);
