// error: conversion from 'StatusOr<golden::kinds::SayReply>'
#include "tests/codegen/must_not_compile/four.h"

namespace golden::kinds {

absl::StatusOr<Total> Misuse(const Four::Client& four) {
  absl::StatusOr<Total> total = four.Say(SayRequest()).Wait();
  return total;
}

}  // namespace golden::kinds
