// Descriptors from the files that a server's reflection gives: checked, for nobody has to believe
// what a server says.
//
//     google::protobuf::DescriptorPool pool;
//     absl::Status added = AddFiles(reply.files(), absl::StatusCode::kDataLoss, &pool);
//
// No state; the pool is one thread's meanwhile.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/repeated_field.h"

namespace reflection {

// Adds encoded FileDescriptorProtos, each behind those that it imports; those that the pool knows
// are passed over. Types of google.protobuf are this program's own, whatever the server says they
// are: JSON of them goes by what they are called. `refusal` is the code when a file cannot be
// used; the sentence says which, and why. What stood before it has been added then.
absl::Status AddFiles(const google::protobuf::RepeatedPtrField<std::string>& encoded_files,
                      absl::StatusCode refusal, google::protobuf::DescriptorPool* pool);

}  // namespace reflection
