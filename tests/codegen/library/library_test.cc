// One rpc_library gives all that its .proto file shows: its own services, those of public imports,
// and the messages of both.
#include <type_traits>

#include "gtest/gtest.h"
#include "tests/codegen/library/gallery.rpc.h"

namespace library {
namespace {

class OwnGallery final : public Gallery::Service {};
class OwnPainter final : public Painter::Service {};

TEST(LibraryTest, HasItsOwnServices) {
  EXPECT_EQ(OwnGallery().name(), "library.Gallery");
  ASSERT_EQ(OwnGallery().methods().size(), 1u);
  EXPECT_EQ(OwnGallery().methods()[0].name, Gallery::kShow);
}

TEST(LibraryTest, HasTheServicesOfPublicImports) {
  EXPECT_EQ(OwnPainter().name(), "library.Painter");
  EXPECT_EQ(OwnPainter().methods().size(), 2u);
  EXPECT_EQ(Painter::kPaint, "library.Painter/Paint");
}

TEST(LibraryTest, HasTheMessagesOfAllImports) {
  shapes::Circle circle;
  circle.set_radius(1);
  SquareMetres area;
  area.set_value(3.14 * circle.radius());
  Brush brush;
  brush.set_colour("red");
  EXPECT_EQ(area.value(), 3.14);
  EXPECT_EQ(brush.colour(), "red");
}

}  // namespace
}  // namespace library
