# The experiment twice, each time from nothing: the harness counts the budget, and the same seed gives the same numbers.
foreach(turn first second)
  file(REMOVE_RECURSE ${turn})
  execute_process(COMMAND ${SENET} run ${CMAKE_CURRENT_LIST_DIR}/my_baseline.toml --plugin-dir ${PLUGINS} --threads 1
                          --runs ${turn}/runs --results ${turn}/results
                  COMMAND_ERROR_IS_FATAL ANY)
  file(READ ${turn}/results/my_baseline/my_baseline-20pct-s1.json json)
  string(JSON ${turn} GET ${json} result)
endforeach()

string(JSON budget GET ${json} budget relus)
string(JSON relus GET ${first} relus)
if(NOT relus EQUAL budget)
  message(FATAL_ERROR "my_baseline kept ${relus} ReLUs, expected its whole budget of ${budget}")
endif()
string(JSON accuracy GET ${first} accuracy)
if(accuracy LESS 0.5)
  message(FATAL_ERROR "my_baseline's network is right on ${accuracy} of four easy classes, expected at least 0.5")
endif()
string(JSON same EQUAL ${first} ${second})
if(NOT same)
  message(FATAL_ERROR "my_baseline gave another result for the same seed: ${first}, then ${second}")
endif()
