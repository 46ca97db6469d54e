# The engine's sources, and how each is compiled. Used by the extension and by the kernels' own tests.
set(DIGITLAB_CPP ${CMAKE_CURRENT_LIST_DIR})
set(DIGITLAB_SOURCES)
foreach(name block model path_portable paths pixels steps sums team)
  list(APPEND DIGITLAB_SOURCES ${DIGITLAB_CPP}/${name}.cpp)
endforeach()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(avx2 -mavx2 -mfma)
  set(avx512 ${avx2} -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vnni -mprefer-vector-width=512)
  set(amx ${avx512} -mamx-tile -mamx-int8)
  foreach(path avx2 avx512 amx)
    set_source_files_properties(${DIGITLAB_CPP}/path_${path}.cpp PROPERTIES COMPILE_OPTIONS "${${path}}")
    list(APPEND DIGITLAB_SOURCES ${DIGITLAB_CPP}/path_${path}.cpp)
  endforeach()
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
