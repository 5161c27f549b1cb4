# The experiment, from nothing: every layer gets ReLUs by what my_sensitivity measured, and the budget is met.
file(REMOVE_RECURSE runs results)
execute_process(COMMAND ${SENET} run ${CMAKE_CURRENT_LIST_DIR}/my_sensitivity.toml --plugin-dir ${PLUGINS} --threads 1
                COMMAND_ERROR_IS_FATAL ANY)
file(READ results/my_sensitivity/my_sensitivity-20pct-s1.json json)

string(JSON budget GET ${json} budget relus)
string(JSON relus GET ${json} result relus)
if(NOT relus EQUAL budget)
  message(FATAL_ERROR "the network has ${relus} ReLUs, expected the whole budget of ${budget}")
endif()
string(JSON layers LENGTH ${json} sites)
math(EXPR last "${layers} - 1")
foreach(layer RANGE ${last})
  string(JSON eta GET ${json} sites ${layer} sensitivity)
  if(NOT eta GREATER 0)
    message(FATAL_ERROR "layer ${layer} has the sensitivity ${eta}, expected more than 0: its weights are not all zero")
  endif()
endforeach()
