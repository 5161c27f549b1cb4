#include "cli/variables.h"

#include <gtest/gtest.h>

#include <climits>
#include <cstdlib>

#include "support/support.h"

namespace senet {
namespace {

using testing::error_of;
using testing::mentions;

class AVariableOfTheEnvironment : public ::testing::Test {
 protected:
  ~AVariableOfTheEnvironment() override { ::unsetenv(kName); }
  static constexpr const char* kName = "SENET_TEST_NUMBER";
};

TEST_F(AVariableOfTheEnvironment, IsEmptyWhereItIsNotSet) {
  EXPECT_EQ(variable(kName), "");
  ::setenv(kName, "2,3", 1);
  EXPECT_EQ(variable(kName), "2,3");
}

TEST_F(AVariableOfTheEnvironment, HasANumberUpToBothBounds) {
  for (const int number : {0, 3}) {
    ::setenv(kName, std::to_string(number).c_str(), 1);
    EXPECT_EQ(number_in(kName, 0, 3), number);
  }
  EXPECT_EQ(number_of("2147483647", kName, 0, INT_MAX), INT_MAX);
}

TEST_F(AVariableOfTheEnvironment, IsAMistakeOfTheCallerWhereItIsNoSuchNumber) {
  EXPECT_FALSE(error_of([] { number_in(kName, 0, 3); }).empty()) << "it is not set";
  for (const char* wrong : {"", "4", "-1", "2x", "two", "2147483648", "0x1", "1.0", " 1"}) {
    ::setenv(kName, wrong, 1);
    Exit exit = Exit::failure;
    const std::string message = error_of([] { number_in(kName, 0, 3, ", of GPUs"); }, &exit);
    EXPECT_EQ(exit, Exit::usage) << wrong;
    EXPECT_TRUE(mentions(message, std::string("the environment has SENET_TEST_NUMBER=") + wrong +
                                      "; expected a number from 0 to 3, of GPUs"))
        << message;
  }
}

}  // namespace
}  // namespace senet
