#pragma once

namespace senet {

// The program `senet`; returns its exit code: 0 done, 1 a run failed, 2 wrong usage or configuration, 130 interrupted.
int run_program(int count, char** arguments);

}  // namespace senet
