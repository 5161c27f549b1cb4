#pragma once

#include <functional>
#include <map>
#include <string>

namespace senet::testing {

// Each reader of files from outside, as a function of a file's bytes: it may throw Error, and nothing else may happen.
// `configuration`: an experiment file. `safetensors`: weights. `packed`: a packed data set, whose description is given
// the checksum that fits it, verified. `picture`: JPEG or PNG. `cifar`: an archive of CIFAR-10's binary version. `idx`:
// Fashion-MNIST's training images, plain or gzipped. `annotations`: Tiny-ImageNet's val_annotations.txt. `result`: a
// result file.
const std::map<std::string, std::function<void(const std::string& bytes)>>& readers();

}  // namespace senet::testing
