// A library of its own beside the addon, marked to be initialised before all others. TensorFlow logs two lines about oneDNN while it is being loaded,
// before its log system looks at TF_CPP_MIN_LOG_LEVEL; when that asks for silence, this raises the level before the first line. Where TensorFlow has
// another version of Abseil's logging, the function is not found and the two lines stay.
#include <dlfcn.h>

#include <cstdlib>

__attribute__((constructor)) static void quiet() {
  const char *level = std::getenv("TF_CPP_MIN_LOG_LEVEL");
  if (level == nullptr || std::atoi(level) < 1) return;
  void *set = dlsym(RTLD_DEFAULT, "_ZN4absl12lts_2025081414SetMinLogLevelENS0_18LogSeverityAtLeastE");
  if (set != nullptr) reinterpret_cast<void (*)(int)>(set)(std::atoi(level) > 2 ? 3 : std::atoi(level));
}
