# senet_add_plugin(NAME SOURCE...): the plugin NAME.so, in the harness's own tree and anywhere else.
function(senet_add_plugin name)
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE senet::core)
  set_target_properties(${name} PROPERTIES PREFIX "" CXX_VISIBILITY_PRESET default)
endfunction()
