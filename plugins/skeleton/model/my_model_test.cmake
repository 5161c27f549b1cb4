# The experiment, from nothing: both ReLU sites are found, the network learns, the budget is met.
file(REMOVE_RECURSE runs results)
execute_process(COMMAND ${SENET} run ${CMAKE_CURRENT_LIST_DIR}/my_model.toml --plugin-dir ${PLUGINS} --threads 1
                COMMAND_ERROR_IS_FATAL ANY)
file(READ results/my_model/senet-20pct-s1.json json)

string(JSON sites LENGTH ${json} sites)
if(NOT sites EQUAL 2)
  message(FATAL_ERROR "my_model has ${sites} ReLU sites, expected 2")
endif()
string(JSON budget GET ${json} budget relus)
string(JSON relus GET ${json} result relus)
if(NOT "${budget} ${relus}" STREQUAL "153 153")  # a fifth of 8·8·8 + 16·4·4
  message(FATAL_ERROR "the network has ${relus} ReLUs, its budget is ${budget}, expected 153")
endif()
string(JSON accuracy GET ${json} teacher accuracy)
if(accuracy LESS 0.7)
  message(FATAL_ERROR "the teacher is right on ${accuracy} of four easy classes, expected at least 0.7")
endif()
