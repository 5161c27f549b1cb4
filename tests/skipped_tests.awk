# Of ctest's log, the tests that GTEST_SKIP left out, each with its reason: ctest counts their programs as passed.
/^\[ RUN      \]/ { reason = "" }
/: Skipped$/ { getline reason }
/^\[  SKIPPED \] .* \([0-9]+ ms\)$/ { print "  " $4 ": " reason }
