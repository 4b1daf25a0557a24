// Text as a terminal shows it: characters of UTF-8, how many columns each takes, and text of others
// that can do no harm.
//
//     std::string_view rest = text;
//     while (!rest.empty()) Show(TakeCell(&rest));
//
// A cell is what the cursor steps over: a character, and the marks behind it that take no column of
// their own. No state; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace terminal {

// Columns of a character: 0 for marks that combine with the one before, 2 for wide ones such as
// those of Chinese, and emoji. Control characters have 0: see AppendHarmless.
int CharacterWidth(char32_t character);

// Takes the first character of `*text`, which is not empty. A byte that belongs to none gives
// U+FFFD.
char32_t TakeCharacter(std::string_view* text);

struct Cell {
  std::string_view bytes = {};
  size_t width = 0;  // in columns
};

// Takes the first cell of `*text`, which is not empty.
Cell TakeCell(std::string_view* text);

// Columns of a text that is harmless.
size_t TextWidth(std::string_view text);

// The longest beginning of a harmless text that fits into so many columns.
std::string_view FirstColumns(std::string_view text, size_t columns);

// The text, fit to be shown to a terminal whoever wrote it: control characters become ^[ and the
// like, those of C1 and others that change how text is laid out <U+202E>, invalid bytes \xff.
std::string Harmless(std::string_view text);

// The same for text of several lines: line feeds stay, tabs become blanks up to the next multiple
// of 8, and a carriage return before a line feed goes.
std::string HarmlessLines(std::string_view text);

}  // namespace terminal
