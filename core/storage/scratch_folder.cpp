#include "storage/scratch_folder.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>

#include "senet/error.h"

namespace senet {

ScratchFolder::ScratchFolder(const std::string& purpose) {
  std::string pattern = (std::filesystem::temp_directory_path() / ("senet-" + purpose + "-XXXXXX")).string();
  SENET_CHECK(mkdtemp(pattern.data()), pattern, ": cannot make the folder: ", std::strerror(errno));
  path_ = pattern;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace senet
