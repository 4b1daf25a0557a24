// What the files beside this one misuse: a service with a method of each kind, and deprecated ones.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "rpc/rpc.h"
#include "tests/codegen/golden/deprecated.rpc.h"
#include "tests/codegen/golden/four_kinds.rpc.h"
