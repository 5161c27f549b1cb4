# The SDK: program, core, plugins, headers, skeletons of plugins, and a CMake package. The build folder has the same
# layout and is a package, too.
include(CMakePackageConfigHelpers)

set(package lib/cmake/senet)
set(package_files senetConfig.cmake senetConfigVersion.cmake SenetTorch.cmake SenetTorchVenv.cmake SenetPlugin.cmake)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/senetConfig.cmake.in ${PROJECT_BINARY_DIR}/${package}/senetConfig.cmake
  INSTALL_DESTINATION ${package} NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/${package}/senetConfigVersion.cmake COMPATIBILITY SameMinorVersion)
foreach(file SenetTorch.cmake SenetTorchVenv.cmake SenetPlugin.cmake)
  configure_file(${CMAKE_CURRENT_LIST_DIR}/${file} ${PROJECT_BINARY_DIR}/${package}/${file} COPYONLY)
endforeach()
list(TRANSFORM package_files PREPEND ${PROJECT_BINARY_DIR}/${package}/)
install(FILES ${package_files} DESTINATION ${package})

install(TARGETS senet senet_base senet_core senet_sdk_options EXPORT senetTargets RUNTIME DESTINATION bin LIBRARY DESTINATION lib)
install(TARGETS senet_cli senet_tools LIBRARY DESTINATION lib)
install(EXPORT senetTargets NAMESPACE senet:: DESTINATION ${package})
export(EXPORT senetTargets NAMESPACE senet:: FILE ${PROJECT_BINARY_DIR}/${package}/senetTargets.cmake)

install(DIRECTORY ${SENET_SDK_DIR}/senet DESTINATION include FILES_MATCHING PATTERN *.h)
install(FILES ${SENET_GENERATED_DIR}/senet/abi.h DESTINATION include/senet)

# How to write a plugin, and an example. What the installed README leads to is installed too; the rest is only named.
file(READ ${PROJECT_SOURCE_DIR}/plugins/README.md readme)
string(REPLACE "](../core/include/senet)" "](../../include/senet)" readme "${readme}")
string(REGEX REPLACE "\\[([^]]+)\\]\\((\\.\\./experiments|CMakeLists|baselines|datasets|models|sensitivity)[^)]*\\)" "\\1" readme "${readme}")
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/installed/README.md CONTENT "${readme}" @ONLY)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/plugins/README.md)
install(FILES ${PROJECT_BINARY_DIR}/installed/README.md DESTINATION share/senet)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/plugins/examples DESTINATION share/senet)

# What the program reads when it runs: skeletons of plugins, the engine's party, networks to compute latencies for.
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/share/senet)
foreach(shared plugins/skeleton core/tools/measure/spu_party.py experiments/costs)
  cmake_path(GET shared FILENAME name)
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/${shared} ${PROJECT_BINARY_DIR}/share/senet/${name} SYMBOLIC)
endforeach()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/plugins/skeleton ${PROJECT_SOURCE_DIR}/experiments/costs DESTINATION share/senet)
install(FILES ${PROJECT_SOURCE_DIR}/core/tools/measure/spu_party.py DESTINATION share/senet)
