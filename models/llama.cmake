# Read by CMake inside llama.cpp's project: its common library, which only its own programs use, is left out.
set(LLAMA_BUILD_COMMON OFF)
