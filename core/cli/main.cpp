#include "cli/cli.h"

int main(int count, char** arguments) { return senet::run_program(count, arguments); }
