# The experiment, from nothing: a network learns the images, the harness found all of them.
file(REMOVE_RECURSE runs results)
execute_process(COMMAND ${SENET} run ${CMAKE_CURRENT_LIST_DIR}/my_dataset.toml --plugin-dir ${PLUGINS} --threads 1
                COMMAND_ERROR_IS_FATAL ANY)
file(READ results/my_dataset/senet-20pct-s1.json json)

string(JSON train GET ${json} dataset train)
string(JSON held_out GET ${json} dataset held_out)
string(JSON test GET ${json} dataset test)
math(EXPR training_set "${train} + ${held_out}")
if(NOT "${training_set} ${test}" STREQUAL "320 128")
  message(FATAL_ERROR "found ${training_set} training and ${test} test images, expected 320 and 128")
endif()
string(JSON accuracy GET ${json} teacher accuracy)
if(accuracy LESS 0.9)
  message(FATAL_ERROR "the teacher is right on ${accuracy} of the test images, expected at least 0.9")
endif()
