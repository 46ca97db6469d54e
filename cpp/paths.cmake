# The engine's sources, and how each is compiled. Used by the extension and by the kernels' own tests.
set(DIGITLAB_CPP ${CMAKE_CURRENT_LIST_DIR})
set(DIGITLAB_SOURCES)
foreach(name distort pass paths steps sums team)
  list(APPEND DIGITLAB_SOURCES ${DIGITLAB_CPP}/${name}.cpp)
endforeach()

# path.cpp once for each path, with its own flags.
set(DIGITLAB_PATHS portable)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  list(APPEND DIGITLAB_PATHS avx2 avx512)
  set(avx2 -mavx2 -mfma)
  set(avx512 ${avx2} -mavx512f -mavx512bw -mavx512dq -mavx512vl -mprefer-vector-width=512)
endif()

function(digitlab_options target)
  target_include_directories(${target} PRIVATE ${DIGITLAB_CPP})
  target_compile_features(${target} PRIVATE cxx_std_20)
  target_link_libraries(${target} PRIVATE Threads::Threads)
  # A multiply and an add are one only where the source says fma: else paths would differ in the last bit.
  target_compile_options(${target} PRIVATE -O3 -ffp-contract=off -fno-math-errno)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC's own AVX-512 headers are full of these
    target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized -Wno-uninitialized)
  endif()
endfunction()

# Adds the paths to a target; more options may follow.
function(digitlab_paths target)
  foreach(path ${DIGITLAB_PATHS})
    add_library(${target}_${path} OBJECT ${DIGITLAB_CPP}/path.cpp)
    digitlab_options(${target}_${path})
    target_compile_definitions(${target}_${path} PRIVATE DIGITLAB_PATH=${path})
    target_compile_options(${target}_${path} PRIVATE ${ARGN} ${${path}})
    set_target_properties(${target}_${path} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:${target}_${path}>)
  endforeach()
endfunction()
