#include "score.h"

namespace {

using senet::integer_option;
using senet::real_option;
using senet::text_option;

constexpr senet::Option kOwn[] = {
    text_option("score", "\"code\"", "the equation of a ReLU's score: that of the public code, or the paper's")
        .one_of("code paper"),
    senet::boolean_option("second_order", "true", "whether the score has its second term, with F"),
    senet::boolean_option("layer_weights", "true", "whether a ReLU's score is multiplied by its layer's weight"),
    text_option("start", "\"random\"", "the student's first weights: random, or the teacher's")
        .one_of("teacher random"),
    text_option("fall", "\"cosine\"",
                "how the count falls from N to B: B + (N − B)·s(p), s = ½·(1 + cos(π·p^q)) (cosine) or (1 − p)^q "
                "(power), rounded down, p from 0 to 1 between fall_begin and fall_end")
        .one_of("cosine power"),
    real_option("fall_power", "1.5", "q").between(0.01, 100),
    integer_option("fall_begin", "5", "b: the epoch, from 1, up to which all ReLUs are kept").at_least(0),
    integer_option("interval", "100", "masks are made anew every so many steps; 0: at each epoch's end")
        .at_least(0)
        .in("steps"),
    integer_option("interval_final", "200", "the same once the budget is met; 0: as `interval`")
        .at_least(0)
        .in("steps"),
    integer_option("search.epochs", "150", "passes over the training images while the budget falls")
        .between(1, 1e6)
        .counts_epochs(),
    real_option("search.lr", "0.05", "of SGD").at_least(0),
    real_option("search.momentum", "0.9", "of SGD").between(0, 1),
    real_option("search.weight_decay", "5e-4", "of SGD").at_least(0),
    text_option("search.schedule", "\"constant\"", "of the learning rate").one_of("step cosine constant"),
    integer_option("finetune.epochs", "240", "passes over the training images, with the masks frozen")
        .between(1, 1e6)
        .counts_epochs(),
    text_option("finetune.schedule", "\"step\"", "of the learning rate").one_of("step cosine constant"),
    senet::reals_option("finetune.lr_drops", "[0.625, 0.75, 0.875]", "fractions of the epochs: 150, 180 and 210 of 240")
        .between(0, 1),
    real_option("finetune.ce_weight", "0.5", "of the cross entropy").at_least(0),
    real_option("finetune.kd_weight", "0.5", "of the distillation").at_least(0),
    senet::integers_option("finetune.pram_stages", "[2, 3, 4]",
                           "the residual stages whose ends PRAM compares, the first left out; []: all of the model's")
        .at_least(1),
};
constexpr senet::RankedOptions kOptions(kOwn);

}  // namespace

SENET_PLUGIN(senet::ranked_entry<senet::TaylorScore>("relupruner",
                                                     "ReLUPruner: a Taylor score, ReLUs dropped gradually", kOptions));
