#pragma once

#include <ostream>
#include <sstream>
#include <string>

namespace senet {

// Standard output as the program was started with, for its results alone. Whatever else writes to descriptor 1, a
// plugin or a library, reaches standard error, so that a document on standard output stays whole.
class StandardOutput {
 public:
  // Sends descriptor 1 to standard error. To be made before anything opens a file.
  StandardOutput();

  std::ostream& stream() { return stream_; }
  // Writes what is left. Returns why something could not be written; empty when all was.
  std::string finish();

 private:
  class Buffer final : public std::stringbuf {
   public:
    int sync() override;
    int descriptor = -1;
    int error = 0;  // errno of the first write that failed
  };
  Buffer buffer_;
  std::ostream stream_{&buffer_};
};

}  // namespace senet
