#include "services/chat/log.h"

#include <algorithm>

namespace chat {
namespace {

Message MakeMessage(uint64_t sequence, Event::Kind kind, std::string_view name,
                    std::string_view text, absl::Time now) {
  auto heard = std::make_shared<Heard>();
  Event* const event = heard->mutable_event();
  event->set_sequence(sequence);
  event->set_kind(kind);
  event->set_name(name.data(), name.size());
  event->set_text(text.data(), text.size());
  event->set_time_ms(absl::ToUnixMillis(now));
  return heard;
}

}  // namespace

void Log::Add(Event::Kind kind, std::string_view name, std::string_view text, absl::Time now) {
  const Message message = MakeMessage(end(), kind, name, text, now);
  ring_.push_back(message);
  if (ring_.size() > limits_.ring_size) {
    ring_.pop_front();
    ++begin_;
  }
  if (kind == Event::TEXT) history_.push_back(message);
  if (history_.size() > limits_.history_size) history_.pop_front();
}

Position Log::PositionBefore(uint64_t sequence) const {
  Position position;
  position.set_epoch(epoch_);
  position.set_sequence(sequence - 1);
  return position;
}

std::vector<Message> Log::History(size_t texts) const {
  const auto count = static_cast<ptrdiff_t>(std::min(texts, history_.size()));
  return {history_.end() - count, history_.end()};
}

void Log::ReadAfter(uint64_t sequence, size_t max, PollReply* reply) const {
  uint64_t next = std::min(end() - 1, sequence) + 1;
  if (next < begin_) {
    reply->set_missed(begin_ - next);
    next = begin_;
  }
  size_t size = 0;
  for (; next < end() && static_cast<size_t>(reply->events_size()) < max; ++next) {
    const Event& event = ring_[next - begin_]->event();
    size += event.ByteSizeLong() + kEntryOverhead;
    if (size > limits_.reply_size_max && reply->events_size() > 0) break;
    *reply->add_events() = event;
  }
  *reply->mutable_position() = PositionBefore(next);
  reply->set_more(next < end());
}

void Log::ReadLastTexts(uint64_t before, size_t max, PollReply* reply) const {
  size_t size = 0;
  size_t count = 0;
  for (auto it = history_.rbegin(); it != history_.rend() && count < max; ++it, ++count) {
    size += (*it)->event().ByteSizeLong() + kEntryOverhead;
    if (size > limits_.reply_size_max) break;
  }
  for (const Message& message : History(count)) *reply->add_events() = message->event();
  *reply->mutable_position() = PositionBefore(before);
  reply->set_more(before < end());
}

}  // namespace chat
