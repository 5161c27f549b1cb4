# The LibTorch inside PyTorch in the virtual environment SENET_TORCH_VENV (scripts/setup-cuda makes one).
file(GLOB torch_root ${SENET_TORCH_VENV}/lib/python3*/site-packages/torch)
list(LENGTH torch_root found)
if(NOT found EQUAL 1)
  message(FATAL_ERROR "${SENET_TORCH_VENV} is no virtual environment with PyTorch in it; scripts/setup-cuda makes one.")
endif()

# PyTorch's LibTorch is built for CUDA and wants the toolkit's compiler, even where nothing of ours is compiled by it.
if(NOT CMAKE_CUDA_COMPILER)
  find_program(CMAKE_CUDA_COMPILER nvcc HINTS ENV CUDA_PATH PATHS /usr/local/cuda PATH_SUFFIXES bin)
  if(NOT CMAKE_CUDA_COMPILER)
    message(FATAL_ERROR "nvcc was not found: this LibTorch needs the CUDA toolkit. Put nvcc on PATH, or use the preset cpu.")
  endif()
endif()
# Without a GPU in the machine LibTorch would name architectures that this nvcc no longer knows.
if(NOT DEFINED TORCH_CUDA_ARCH_LIST AND NOT DEFINED ENV{TORCH_CUDA_ARCH_LIST})
  set(TORCH_CUDA_ARCH_LIST "8.0 9.0+PTX")
endif()
# Before Torch, whose own copy of this module lacks nvtx3.
find_package(CUDAToolkit REQUIRED)

# Torch_DIR alone is not enough: LibTorch looks for its parts where the system's libraries are, and first there.
list(PREPEND CMAKE_PREFIX_PATH ${torch_root})
foreach(cached Torch_DIR Caffe2_DIR TORCH_LIBRARY c10_LIBRARY C10_CUDA_LIBRARY kineto_LIBRARY)
  unset(${cached} CACHE)
endforeach()
find_package(Torch REQUIRED PATHS ${torch_root} NO_DEFAULT_PATH)

file(REAL_PATH ${torch_root} torch_root)
file(REAL_PATH ${CUDAToolkit_LIBRARY_ROOT} cuda_root)
foreach(library IN LISTS TORCH_LIBRARIES TORCH_LIBRARY)
  if(TARGET ${library})
    get_target_property(location ${library} IMPORTED_LOCATION_RELEASE)
    if(location)
      set(library ${location})
    else()
      continue()
    endif()
  endif()
  file(REAL_PATH ${library} library)
  cmake_path(IS_PREFIX torch_root ${library} in_torch)
  cmake_path(IS_PREFIX cuda_root ${library} in_cuda)
  if(NOT in_torch AND NOT in_cuda)
    message(FATAL_ERROR "Two LibTorch are mixed up: ${library} lies neither under ${torch_root} nor under ${cuda_root}.")
  endif()
endforeach()

# PyTorch's libraries export a part of std::filesystem from the library they were built with, and a call into that part
# crashes. The compiler's own library has to come before them in each program's search order.
set_property(TARGET torch APPEND PROPERTY INTERFACE_LINK_OPTIONS
             "SHELL:-Wl,--push-state,--no-as-needed -lstdc++ -Wl,--pop-state")
