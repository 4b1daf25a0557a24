// What --config=tsan does not report: races that it only sees because a system library is not
// built with tsan. Linked into every program of that configuration (--custom_malloc in .bazelrc).
// Nothing of ours belongs here.
extern "C" const char* __tsan_default_suppressions() {
  // absl::Status counts its references partly in libabsl_status.so: the counter orders the last
  // reader before the delete, but tsan does not see those atomics.
  return "race:absl::*::Status::Unref\n";
}
