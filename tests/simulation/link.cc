#include "tests/simulation/link.h"

#include "absl/strings/str_cat.h"

namespace rpc::simulation {
namespace {

// A pause that is shorter excuses nothing, unless keepalive is short too.
constexpr TimeUs kShortStallUs = 4 * kSecondUs;
constexpr TimeUs kLongStallUs = 60 * kSecondUs;

}  // namespace

Link::Link(World* world, int number, bool hello)
    : may_be_lost(world->scenario().short_keepalive),
      world_(world),
      name_(absl::StrCat("#", number)),
      hello_(hello),
      up_(world),
      down_(world),
      watch_(world, name_, hello) {
  up_.set_observer([this](const wire::Header& header) { watch_.OnClientFrame(header); });
  down_.set_observer([this](const wire::Header& header) { watch_.OnServerFrame(header); });
  const Dangers& dangers = world->scenario().dangers;
  Random& random = world->random();
  if (dangers.cuts && random.Percent(40)) PlanCut();
  if (dangers.half_open && random.Percent(30)) PlanSilence();
  if (dangers.stalls && random.Percent(60)) PlanStalls();
  if ((dangers.body_flips || dangers.header_flips) && random.Percent(60)) PlanFlips();
}

void Link::PlanCut() {
  Random& random = world_->random();
  Pipe* pipe = random.Percent(50) ? &up_ : &down_;
  const bool gently = random.Percent(40);
  const uint64_t offset = random.Spread(400'000);
  pipe->CutAt(offset, [this, gently] {
    if (world_->healed() || silent_) return;
    may_be_lost = true;
    world_->Count(gently ? "fault: connection ended at a byte"
                         : "fault: connection reset at a byte");
    world_->Write(name_ + (gently ? " ends" : " is reset"));
    if (!gently) return Reset();
    up_.End();
    down_.End();
  });
}

void Link::PlanSilence() {
  world_->After(world_->random().Below(world_->scenario().span_us), [this] {
    if (!world_->healed()) Silence();
  });
}

void Link::PlanStalls() {
  Random& random = world_->random();
  for (uint64_t left = random.Between(1, 3); left > 0; --left) {
    const TimeUs duration_us = random.Spread(random.Percent(80) ? kShortStallUs : kLongStallUs);
    world_->After(random.Below(world_->scenario().span_us), [this, duration_us] {
      if (world_->healed() || silent_) return;
      world_->Count("fault: stall");
      may_be_lost |= duration_us > kShortStallUs;
      const TimeUs until_us = world_->now_us() + duration_us;
      if (world_->random().Percent(70)) up_.Stall(until_us);
      if (world_->random().Percent(70)) down_.Stall(until_us);
    });
  }
}

void Link::PlanFlips() {
  const Dangers& dangers = world_->scenario().dangers;
  Random& random = world_->random();
  Flips flips;
  if (dangers.body_flips) flips.body_percent = 1 + random.Spread(20);
  if (dangers.header_flips) flips.header_percent = 1 + random.Spread(10);
  flips.on_body_flip = [this](const wire::Header& header) {
    bodies_flipped = true;
    if (header.kind == wire::Kind::kHello) may_be_lost = true;
    world_->Count("fault: bit flipped in a body");
    world_->Write(name_ + " flips a bit of that body");
  };
  flips.on_header_flip = [this] {
    tainted = true;
    watch_.Stop();
    world_->Count("fault: bit flipped in a header");
    world_->Write(name_ + " flips a bit of the next header");
  };
  up_.set_flips(flips);
  down_.set_flips(std::move(flips));
}

void Link::Reset() {
  may_be_lost = true;
  up_.Fail();
  down_.Fail();
}

void Link::Silence() {
  may_be_lost = silent_ = true;
  world_->Count("fault: half-open connection");
  world_->Write(name_ + " carries nothing any more");
  up_.Silence();
  down_.Silence();
}

// Keepalive finds out about a silent peer, but there is none before both have said HELLO; and a
// damaged header may have left a side waiting for bytes that were never sent.
void Link::Heal() {
  up_.Heal();
  down_.Heal();
  if ((silent_ && !watch_.server_greeted()) || tainted) Reset();
}

}  // namespace rpc::simulation
