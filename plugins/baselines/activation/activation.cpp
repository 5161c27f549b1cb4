#include "activation.h"

SENET_PLUGIN(senet::ranked_entry<senet::NegativeInputs>("activation",
                                                        "keeps the ReLUs whose input is negative most often"));
