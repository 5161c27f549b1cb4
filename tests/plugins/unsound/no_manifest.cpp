#include "senet/plugin.h"

// The right tag, but SENET_PLUGIN was not used.
extern "C" {
SENET_EXPORT extern const char SENET_ABI_SYMBOL __attribute__((section("senet"))) = 1;
}
