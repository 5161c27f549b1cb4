# LibTorch as senet::torch, and SENET_TORCH_LIBRARY, where it lies: the system's, or the one in SENET_TORCH_VENV.
if(SENET_TORCH_VENV)
  include(${CMAKE_CURRENT_LIST_DIR}/SenetTorchVenv.cmake)
else()
  find_package(Torch REQUIRED)
endif()
file(REAL_PATH ${TORCH_LIBRARY} SENET_TORCH_LIBRARY)

if(NOT TARGET senet::torch)
  add_library(senet::torch INTERFACE IMPORTED)
  target_link_libraries(senet::torch INTERFACE ${TORCH_LIBRARIES})
  target_include_directories(senet::torch INTERFACE ${TORCH_INCLUDE_DIRS})
endif()
