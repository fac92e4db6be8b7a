# CSV, TSV and JSON decoders. simdjson's first pass (token positions) is used; simdjson must come first among the shared
# libraries of a program: libparquet exports simdjson symbols of another version, and the first one wins.
evclean_room(decode_structured
  SOURCES structured_record.cpp
    csv_scan.cpp csv_index.cpp csv_trial.cpp csv_layout.cpp csv_decoder.cpp csv_record.cpp csv_first_record.cpp
  ROOMS table)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64" AND EVCLEAN_ARCH)
  # Every processor with AVX2 multiplies without carry, but x86-64-v3 does not say so.
  set_source_files_properties(csv_index.cpp PROPERTIES COMPILE_OPTIONS -mpclmul SKIP_PRECOMPILE_HEADERS ON)
endif()
