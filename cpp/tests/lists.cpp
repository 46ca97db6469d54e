// The lists of what is lit, against plain loops over pixels.
#include <algorithm>

#include "check.h"

namespace digitlab::tests {
namespace {

bool same(const Lit* lit, const Lit* end, const std::vector<Lit>& expected) {
    return std::equal(lit, end, expected.begin(), expected.end(), [](const Lit& a, const Lit& b) {
        return a.first == b.first && a.second == b.second && a.number == b.number;
    });
}

void check_lists(const Lists& lists, const Buffer<uint8_t>& pictures, const char* which) {
    const auto number = [](int of) { return static_cast<uint16_t>(of); };
    std::vector<std::vector<Lit>> by_pair(PAIRS);
    for (int s = 0; s < lists.count; ++s) {
        const uint8_t* picture = &pictures[static_cast<size_t>(s) * PIXELS];
        const uint16_t* parts = lists.parts + s * (PARTS + 1);
        by_pair[0].push_back({255, 0, number(s)});
        for (int part = 0; part < PARTS; ++part) {
            std::vector<Lit> lit;
            for (int pair = 1 + part * PART_PAIRS; pair < 1 + (part + 1) * PART_PAIRS; ++pair) {
                const uint8_t first = picture[2 * pair - 2], second = picture[2 * pair - 1];
                if (!first && !second) continue;
                lit.push_back({first, second, number(pair)});
                by_pair[pair].push_back({first, second, number(s)});
            }
            const Lit *begin = lists.by_sample + parts[part], *end = lists.by_sample + parts[part + 1];
            CHECK(same(begin, end, lit), "%s: part %d of sample %d", which, part, s);
        }
        const Lit* after = lists.by_sample + parts[PARTS];
        for (int i = 0; i < RUN - 1; ++i)
            CHECK(!after[i].first && !after[i].second && after[i].number < PAIRS, "%s: after sample %d", which, s);
    }
    for (int pair = 0; pair < PAIRS; ++pair) {
        const Lit *begin = lists.by_pair + lists.begin[pair], *end = lists.by_pair + lists.end[pair];
        CHECK(same(begin, end, by_pair[pair]), "%s: pair %d of %d samples", which, pair, lists.count);
    }
}

}  // namespace

void test_lists() {
    Chance chance(1);
    ListsBuffer buffer;  // full of the lists before
    for (const int count : {BLOCK, 1, 5, 127, BLOCK})
        for (const Look look : LOOKS) {
            const auto pictures = chance.pictures(count, look);
            for (int s = count - 1; s >= 0; --s) buffer.make(s, &pictures[static_cast<size_t>(s) * PIXELS]);
            for (int part = PARTS - 1; part >= 0; --part) buffer.sort(part, count);
            check_lists(buffer.lists(count), pictures, "ListsBuffer");
            KeptLists kept;
            kept.keep(buffer.lists(count));
            check_lists(kept.lists(), pictures, "KeptLists");
            for (int s = 0; s < count; ++s) buffer.copy(s, kept.lists(), s);
            check_lists(buffer.lists(count), pictures, "copies");
        }
}

}  // namespace digitlab::tests
