// What was pressed, from the bytes that a terminal in raw mode sends. No IO.
//
//     KeyReader keys;
//     for (Key& key : keys.Feed(bytes)) editor.Feed(key);
//
// Bytes may come in pieces of any size: a key that is not whole yet waits for its rest. What is
// pasted (bracketed paste: see RawMode) is text, whatever it holds: a control character there is no
// key. Line ends and tabs of it become blanks, other control characters are dropped.
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace terminal {

struct Key {
  enum class Kind : uint8_t {
    kText,  // one or more characters
    kEnter,
    kBackspace,
    kDelete,
    kLeft,
    kRight,
    kUp,
    kDown,
    kHome,
    kEnd,
    kWordLeft,   // Ctrl or Alt with an arrow, Alt-b
    kWordRight,  // Alt-f
    kInterrupt,  // Ctrl-C
    kEof,        // Ctrl-D
    kSuspend,    // Ctrl-Z
    kQuit,       // Ctrl-backslash
    kClear,      // Ctrl-L
    kKillLine,   // Ctrl-U: all before the cursor
    kKillToEnd,  // Ctrl-K
    kWordBack,   // Ctrl-W: the word before the cursor
    kTab,
    kUnknown,
  };

  Kind kind = Kind::kUnknown;
  std::string text = {};  // of kText, valid UTF-8 without control characters
};

class KeyReader {
 public:
  // The keys that are whole now. Characters that come together are one key.
  std::vector<Key> Feed(std::string_view bytes);

 private:
  // Each takes a key from the beginning of `rest`; false when there is none that is whole.
  bool TakeKey(std::string_view* rest, std::vector<Key>* keys);
  bool TakeEscape(std::string_view* rest, std::vector<Key>* keys);
  bool TakeSequence(std::string_view* rest, std::vector<Key>* keys);
  bool TakeText(std::string_view* rest, std::vector<Key>* keys);
  bool TakePasted(std::string_view* rest, std::vector<Key>* keys);

  std::string held_;  // of a key that is not whole
  bool pasting_ = false;
};

}  // namespace terminal
