// Flags are read, refused with a sentence, and explained.
#include "services/terminal/flags.h"

#include <stdexcept>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace terminal {
namespace {

using Arguments = std::vector<std::string>;

class FlagsTest : public testing::Test {
 protected:
  FlagsTest() {
    flags_.Text("server", "ADDRESS", "where the server listens", &server_);
    flags_.Texts("listen", "ADDRESS", "where to listen; may be repeated", &listen_);
    flags_.Number("threads", 1, 64, "how many", &threads_);
    flags_.Duration("timeout", "how long to wait\nfor an answer", &timeout_);
    flags_.Bool("quiet", "says nothing", &quiet_);
    flags_.Text("client_ca_certificates", "FILE", "a long one", &file_);
    flags_.Arguments(0, 2);
  }

  absl::Status Parse(const Arguments& arguments) {
    std::vector<const char*> argv = {"program"};
    for (const std::string& each : arguments) argv.push_back(each.c_str());
    return flags_.Parse(static_cast<int>(argv.size()), argv.data());
  }
  // The sentence, or OK.
  std::string Says(const Arguments& arguments) {
    const absl::Status status = Parse(arguments);
    EXPECT_EQ(status.ok() || absl::IsInvalidArgument(status), true);
    return status.ok() ? "OK" : std::string(status.message());
  }

  std::string server_ = "tcp://127.0.0.1:7000";
  std::vector<std::string> listen_;
  int64_t threads_ = 2;
  absl::Duration timeout_ = absl::Seconds(5);
  bool quiet_ = false;
  std::string file_;
  Flags flags_{"program [FLAGS] [NAME]...", "Does this and that."};
};

TEST_F(FlagsTest, ValuesFollowAnEqualsSignOrABlank) {
  EXPECT_EQ(Says({"--server=a=b", "--threads", "64", "--timeout=1m30s", "--quiet"}), "OK");
  EXPECT_EQ(server_, "a=b");
  EXPECT_EQ(threads_, 64);
  EXPECT_EQ(timeout_, absl::Seconds(90));
  EXPECT_TRUE(quiet_);
}

TEST_F(FlagsTest, ALetterStandsForAFlag) {
  flags_.Short('q', "quiet");
  flags_.Short('l', "listen");
  EXPECT_EQ(Says({"-q", "-lone", "-l", "two"}), "OK");
  EXPECT_TRUE(quiet_);
  EXPECT_EQ(listen_, (Arguments{"one", "two"}));
  EXPECT_NE(flags_.HelpText().find("  -q, --quiet"), std::string::npos);
}

TEST_F(FlagsTest, ALetterThatMakesNoSenseIsTold) {
  flags_.Short('q', "quiet");
  flags_.Short('l', "listen");
  EXPECT_EQ(Says({"-x"}), "unknown flag -x; --help tells which there are");
  EXPECT_EQ(Says({"-qq"}), "-q takes nothing, but got \"q\"");
  EXPECT_NE(Says({"-l"}).find("--listen takes ADDRESS"), std::string::npos);
  EXPECT_THROW(flags_.Short('n', "nothing"), std::logic_error);
}

TEST_F(FlagsTest, SpellingsTellWhatTakesSomething) {
  const std::vector<std::string> spellings = flags_.Spellings();
  EXPECT_EQ(spellings.front(), "--server=");
  EXPECT_EQ(spellings.back(), "--help");
  EXPECT_EQ(spellings[4], "--quiet");
}

TEST_F(FlagsTest, NothingIsChangedThatIsNotGiven) {
  EXPECT_EQ(Says({}), "OK");
  EXPECT_EQ(server_, "tcp://127.0.0.1:7000");
  EXPECT_EQ(threads_, 2);
  EXPECT_FALSE(flags_.given("server"));
}

TEST_F(FlagsTest, TheLastCounts) {
  EXPECT_EQ(Says({"--threads=3", "--threads=4", "--quiet", "--quiet=false"}), "OK");
  EXPECT_EQ(threads_, 4);
  EXPECT_FALSE(quiet_);
  EXPECT_TRUE(flags_.given("quiet"));
}

TEST_F(FlagsTest, SomeMayBeRepeated) {
  EXPECT_EQ(Says({"--listen=a", "--listen", "b"}), "OK");
  EXPECT_EQ(listen_, (Arguments{"a", "b"}));
}

TEST_F(FlagsTest, DashesInNamesAreAsGoodAsUnderscores) {
  EXPECT_EQ(Says({"--client-ca-certificates=x-y"}), "OK");
  EXPECT_EQ(file_, "x-y");
}

TEST_F(FlagsTest, TheRestAreArguments) {
  EXPECT_EQ(Says({"one", "--quiet", "-"}), "OK");
  EXPECT_EQ(flags_.arguments(), (Arguments{"one", "-"}));
}

TEST_F(FlagsTest, FlagsEndAtTwoDashes) {
  EXPECT_EQ(Says({"--quiet", "--", "--server", "--"}), "OK");
  EXPECT_EQ(flags_.arguments(), (Arguments{"--server", "--"}));
}

TEST_F(FlagsTest, FlagsMayEndAtTheFirstArgument) {
  flags_.EndAtFirstArgument();
  EXPECT_EQ(Says({"--quiet", "ls", "--all"}), "OK");
  EXPECT_EQ(flags_.arguments(), (Arguments{"ls", "--all"}));
}

TEST_F(FlagsTest, UnknownFlagsAreRefused) {
  EXPECT_EQ(Says({"--sever=x"}), "unknown flag --sever; --help tells which there are");
  EXPECT_EQ(Says({"-x"}), "unknown flag -x; --help tells which there are");
  EXPECT_EQ(Says({"---quiet"}), "unknown flag ---quiet; --help tells which there are");
}

TEST_F(FlagsTest, ValuesThatLackAreToldOf) {
  const std::string lacks =
      "--server takes ADDRESS behind it, as in --server=ADDRESS; it got nothing";
  EXPECT_EQ(Says({"--server"}), lacks);
  EXPECT_EQ(Says({"--server="}), lacks);
  EXPECT_EQ(Says({"--server", "--quiet"}), lacks);
  EXPECT_EQ(Says({"--server", ""}), lacks);
}

TEST_F(FlagsTest, BadValuesAreToldOf) {
  const std::string number = "--threads takes a whole number from 1 to 64, not ";
  EXPECT_EQ(Says({"--threads=65"}), number + "\"65\"");
  EXPECT_EQ(Says({"--threads", "-1"}), number + "\"-1\"");
  EXPECT_EQ(Says({"--threads=2x"}), number + "\"2x\"");
  EXPECT_EQ(Says({"--timeout=5"}), "--timeout takes a time such as 500ms, 2s or 1m30s, not \"5\"");
  EXPECT_EQ(Says({"--quiet=yes"}), "--quiet takes true or false, or nothing, not \"yes\"");
}

TEST_F(FlagsTest, ArgumentsAreCounted) {
  EXPECT_EQ(Says({"1", "2", "3"}),
            "unexpected argument \"3\"; usage: program [FLAGS] [NAME]...; --help tells more");
  flags_.Arguments(4, 4);
  EXPECT_EQ(
      Says({}),
      "too few arguments: 3 of at least 4; usage: program [FLAGS] [NAME]...; --help tells more");
}

TEST_F(FlagsTest, HelpNeedsNothingElse) {
  flags_.Arguments(1, 1);
  EXPECT_EQ(Says({"--help"}), "OK");
  EXPECT_TRUE(flags_.help());
}

TEST_F(FlagsTest, TellWhatOneTakes) {
  flags_.Short('f', "client_ca_certificates");
  EXPECT_EQ(flags_.TakenBy("--client_ca_certificates"), "FILE");
  EXPECT_EQ(flags_.TakenBy("--client-ca-certificates=a"), "FILE");
  EXPECT_EQ(flags_.TakenBy("-f"), "FILE");
  EXPECT_EQ(flags_.TakenBy("-fa"), "FILE");
  for (const char* none : {"--quiet", "--such", "-x", "-", "--", "", "f"}) {
    EXPECT_EQ(flags_.TakenBy(none), "") << none;
  }
}

TEST_F(FlagsTest, ExamplesAreNotBroken) {
  const std::string example = "  program " + std::string(40, 'x') + " " + std::string(60, 'y');
  flags_.Footer("Examples:\n" + example + "\n\n" + example + "\n\nMore: " + std::string(70, 'x') +
                " yyyyy\n");
  EXPECT_TRUE(flags_.HelpText().ends_with("\nExamples:\n" + example + "\n\n" + example +
                                          "\n\nMore: " + std::string(70, 'x') + "\nyyyyy\n"))
      << flags_.HelpText();
}

TEST_F(FlagsTest, HelpTellsWhatThereIs) {
  flags_.Footer("Examples:\n  program x\n");
  EXPECT_EQ(flags_.HelpText(),
            "usage: program [FLAGS] [NAME]...\n"
            "Does this and that.\n"
            "\n"
            "  --server=ADDRESS  where the server listens; tcp://127.0.0.1:7000 by default\n"
            "  --listen=ADDRESS  where to listen; may be repeated\n"
            "  --threads=N       how many; 2 by default\n"
            "  --timeout=TIME    how long to wait\n"
            "                    for an answer; 5s by default\n"
            "  --quiet           says nothing\n"
            "  --client_ca_certificates=FILE\n"
            "                    a long one\n"
            "  --help            this text\n"
            "\n"
            "Examples:\n"
            "  program x\n");
}

TEST(FlagsHelp, IsBrokenBetweenWordsAtEightyColumns) {
  Flags flags("program", "Does this and that.");
  std::string name = "/a/default/that/takes/a/line/of/its/own";
  flags.Text("name", "NAME", "what is explained with more words than go into what is left", &name);
  const std::string url = "http://" + std::string(80, 'x');
  flags.Footer(
      "  - a point of a list that is longer than a terminal is wide, below its own words\n"
      "see " +
      url + "\n\nend\n");
  EXPECT_EQ(flags.HelpText(),
            "usage: program\n"
            "Does this and that.\n"
            "\n"
            "  --name=NAME  what is explained with more words than go into what is left;\n"
            "               /a/default/that/takes/a/line/of/its/own by default\n"
            "  --help       this text\n"
            "\n"
            "  - a point of a list that is longer than a terminal is wide, below its own\n"
            "  words\n"
            "see\n" +
                url + "\n\nend\n");
}

TEST_F(FlagsTest, TwoFlagsOfOneNameAreABug) {
  EXPECT_THROW(flags_.Bool("quiet", "again", &quiet_), std::logic_error);
  EXPECT_THROW((void)flags_.given("loud"), std::logic_error);
}

}  // namespace
}  // namespace terminal
