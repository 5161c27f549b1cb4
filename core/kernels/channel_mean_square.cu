#include "kernels/channel_mean_square_kernels.h"

#include "device/launch.cuh"

SENET_PACKED_KERNELS(senet::MeanSquares);
SENET_PACKED_KERNELS(senet::ScaleRows);
