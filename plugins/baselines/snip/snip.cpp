#include "snip.h"

SENET_PLUGIN(senet::ranked_entry<senet::Snip>("snip", "keeps the ReLUs that the loss would miss most, to first order"));
