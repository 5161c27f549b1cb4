# How every target of ours is compiled, and the ABI tag that plugins and program have to share.

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif()

# -O2 builds in half the time of -O3; the files whose loops have to be vectorised ask for it (core/CMakeLists.txt).
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

# What plugins outside the tree are compiled with as well.
add_library(senet_sdk_options INTERFACE)
set_target_properties(senet_sdk_options PROPERTIES EXPORT_NAME options)
target_compile_features(senet_sdk_options INTERFACE cxx_std_17)
if(SENET_SANITIZE)
  # LibTorch is not instrumented: vptr checks would miss its type information. A finding ends the program.
  target_compile_options(senet_sdk_options INTERFACE -fsanitize=${SENET_SANITIZE} -fno-sanitize=vptr
    -fno-sanitize-recover=all)
  target_link_options(senet_sdk_options INTERFACE -fsanitize=${SENET_SANITIZE})
elseif(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # Without it at::parallel_for, which is defined in a header, runs on one thread and says nothing. With another compiler
  # it would bring a second OpenMP runtime beside LibTorch's.
  target_compile_options(senet_sdk_options INTERFACE -fopenmp)
  target_link_options(senet_sdk_options INTERFACE -fopenmp)
endif()

add_library(senet_compile_options INTERFACE)
target_link_libraries(senet_compile_options INTERFACE senet_sdk_options)
# -fPIC in programs too, so that all targets share one precompiled header.
target_compile_options(senet_compile_options INTERFACE -Wall -Wextra -Wshadow -fPIC
  $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess> "$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>" $<$<BOOL:${SENET_WERROR}>:-Werror>)
if(SENET_SANITIZE)
  target_compile_options(senet_compile_options INTERFACE -fno-omit-frame-pointer -g1 -O1)
  target_compile_definitions(senet_compile_options INTERFACE SENET_SANITIZED)
endif()
if(SENET_TORCH_VENV)
  target_compile_definitions(senet_compile_options INTERFACE SENET_CUDA)
endif()
if(SENET_FUZZ)
  target_compile_options(senet_compile_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# The tag: the SDK's headers, LibTorch, the compiler's major version, sanitizers.
set(SENET_SDK_DIR ${PROJECT_SOURCE_DIR}/core/include)
file(GLOB SENET_SDK_HEADERS CONFIGURE_DEPENDS ${SENET_SDK_DIR}/senet/*.h)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${SENET_SDK_HEADERS})
set(hashes "")
foreach(header IN LISTS SENET_SDK_HEADERS)
  file(SHA256 ${header} hash)
  string(APPEND hashes ${hash})
endforeach()
string(SHA256 sdk_hash "${hashes}")
string(SUBSTRING ${sdk_hash} 0 12 sdk_hash)
string(REGEX MATCH "^[0-9]+" compiler_major ${CMAKE_CXX_COMPILER_VERSION})
string(MAKE_C_IDENTIFIER
  "senet_abi_${sdk_hash}_torch_${Torch_VERSION}_cxx11_${CMAKE_CXX_COMPILER_ID}${compiler_major}_${SENET_SANITIZE}"
  SENET_ABI_SYMBOL)
set(SENET_GENERATED_DIR ${PROJECT_BINARY_DIR}/generated)
configure_file(${SENET_SDK_DIR}/senet/abi.h.in ${SENET_GENERATED_DIR}/senet/abi.h @ONLY)
