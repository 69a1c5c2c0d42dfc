#include "core/statistics/forecast.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <numeric>

#include "unit/seeds.hpp"

namespace lead_scoring {
namespace {

using Months = std::vector<double>;

// Bounds to what Student's quantile is good for.
void expect_forecasts(const Months& months, const std::vector<CountForecast>& expected) {
    auto found = forecast_counts(months, expected.size());
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        EXPECT_NEAR(found[i].expected, expected[i].expected, 1e-8) << i;
        EXPECT_NEAR(found[i].low, expected[i].low, 1e-3) << i;
        EXPECT_NEAR(found[i].high, expected[i].high, 1e-3) << i;
    }
}

// As many as are likely in this month: growth of 1 % a month, a season of +-30 %.
double simulated_mean(double level, double phase, int month) {
    return level * std::pow(1.01, month) * (1 + 0.3 * std::sin(std::numbers::pi * month / 6 + phase));
}

// Knuth's.
double poisson(test::Choices& choices, double mean) {
    double product = 1, least = std::exp(-mean);
    int count = -1;
    for (; product > least; ++count) product *= static_cast<double>(choices.below(1u << 30) + 1) / (1u << 30);
    return count;
}

// Which share of what comes lies within the bounds, one to six months ahead, of 200 simulated histories.
double simulated_coverage(std::size_t length, double level) {
    test::SeededChoices choices(length);
    int inside = 0, all = 0;
    for (int i = 0; i < 200; ++i) {
        double phase = static_cast<double>(choices.below(12)) * std::numbers::pi / 6;
        Months months;
        for (int t = 0; t < static_cast<int>(length) + 6; ++t)
            months.push_back(poisson(choices, simulated_mean(level, phase, t)));
        auto forecasts = forecast_counts(std::span(months).first(length), 6);
        for (std::size_t h = 0; h < 6; ++h, ++all)
            inside += months[length + h] >= forecasts[h].low && months[length + h] <= forecasts[h].high;
    }
    return static_cast<double>(inside) / all;
}

// Trend and season together: two years alike, 400 a month and 100 a month, go on so.
TEST(Forecast, GoesOnExactlyWithWhatIsExact) {
    Months months;
    for (int t = 0; t < 24; ++t) months.push_back(t % 12 < 6 ? 400 : 100);
    auto forecasts = forecast_counts(months, 12);
    for (std::size_t h = 0; h < 12; ++h) {
        EXPECT_NEAR(forecasts[h].expected, h < 6 ? 400 : 100, 1e-9);
        EXPECT_NEAR(forecasts[h].low, h < 6 ? 400 : 100, 1e-6);
        EXPECT_NEAR(forecasts[h].high, h < 6 ? 400 : 100, 1e-6);
    }
}

TEST(Forecast, GoesOnWithGrowthAndSeasonAsFactors) {
    auto count = [](int t) { return 50 * std::pow(1.02, t) * (1 + t % 12 / 4.0) - 1; };
    Months months;
    for (int t = 0; t < 30; ++t) months.push_back(count(t));
    auto forecasts = forecast_counts(months, 6);
    for (int h = 0; h < 6; ++h) EXPECT_NEAR(forecasts[static_cast<std::size_t>(h)].expected, count(30 + h), 1e-6);
}

// The figures are those of test/real/lib/forecast.R: own_forecast(c(10, 12, 14, 20, 18, 24), 3) and so on.
TEST(Forecast, SmoothsFewMonths) {
    expect_forecasts({10, 12, 14, 20, 18, 24}, {{20.3893555783, 13.12473155823, 29.2119245110},
                                                {20.3893555783, 10.47895762916, 33.4863427209},
                                                {20.3893555783, 7.34744625631, 39.7528605145}});
}

TEST(Forecast, TakesTheLastMonthWhereTheLevelMoves) {
    auto found = forecast_counts(Months{100, 150, 210, 280}, 2);
    EXPECT_NEAR(found[0].expected, 280, 1e-9);
    EXPECT_NEAR(found[0].low, 170.522018061, 0.05);
    EXPECT_NEAR(found[0].high, 416.439912818, 0.05);
    EXPECT_NEAR(found[1].low, 133.071719882, 0.05);
}

TEST(Forecast, FitsTrendAndSeason) {
    Months december;
    for (int t = 0; t < 30; ++t) december.push_back(t % 12 == 11 ? (t < 12 ? 62 : 86) : 20 + t);
    expect_forecasts(december, {{50.8465442235, 49.7762269291, 51.9394228460},
                                {52.4578288621, 51.1006357171, 53.8503761483},
                                {54.0668087256, 52.4505294794, 55.7319622977},
                                {55.6736169135, 53.8135472671, 57.5968070705},
                                {57.2783716526, 55.1837431674, 59.4510915614},
                                {117.1459697521, 112.5619193988, 121.9150602822},
                                {60.3323965552, 57.7998558003, 62.9740151740}});
    expect_forecasts(
        {31, 35, 28, 40, 44, 39, 52, 47, 60, 55, 71, 38, 62, 70, 49, 77, 81, 90, 73, 99, 104, 88, 120, 61, 99, 113},
        {{86.8848804154, 73.7910640274, 102.271056590},
         {129.4530041509, 109.7401745023, 152.674909476},
         {139.0595504841, 117.6019687900, 164.399258393}});
    expect_forecasts(
        {2, 0, 1, 0, 0, 3, 1, 0, 0, 1, 0, 5, 1, 0, 2, 1, 0, 0, 2, 0, 1, 1, 0, 4, 0, 1},
        {{1.457067221183, 0.0658583852033, 3.79928163383}, {0.416707029278, 0, 2.14061643985}, {0, 0, 1.34954777639}});
}

TEST(Forecast, HasNoBoundsWithFewerThanFourMonths) {
    EXPECT_TRUE(forecast_counts(Months{}, 6).empty());
    for (const Months& months : {Months{3}, Months{3, 5}, Months{3, 5, 4}})
        for (const CountForecast& month : forecast_counts(months, 6)) EXPECT_TRUE(std::isnan(month.low + month.high));
    EXPECT_NEAR(forecast_counts(Months{3}, 1)[0].expected, 3, 1e-12);
    EXPECT_FALSE(std::isnan(forecast_counts(Months{3, 5, 4, 4}, 1)[0].low));
}

TEST(Forecast, LooksAtTheLastSixtyMonths) {
    Months months(100, 1e6);
    for (int t = 40; t < 100; ++t) months[static_cast<std::size_t>(t)] = 10 + t % 7 + t % 12;
    auto all = forecast_counts(months, 3), last = forecast_counts(std::span(months).last(60), 3);
    for (std::size_t h = 0; h < 3; ++h) {
        EXPECT_EQ(all[h].expected, last[h].expected);
        EXPECT_EQ(all[h].high, last[h].high);
    }
}

TEST(Forecast, IsFiniteAndNeverNegative) {
    std::vector<Months> extremes;
    for (std::size_t length : {1u, 2u, 4u, 12u, 23u, 24u, 25u, 60u}) {
        Months one_at_end(length), alternating, falling, growing;
        one_at_end.back() = 1e300;
        for (std::size_t t = 0; t < length; ++t) {
            alternating.push_back(t % 2 == 0 ? 0 : 9e18);
            falling.push_back(static_cast<double>(length - 1 - t));
            growing.push_back(std::pow(2.0, static_cast<double>(t)));
        }
        for (const Months& months :
             {Months(length), Months(length, 7), Months(length, 1e308), one_at_end, alternating, falling, growing})
            extremes.push_back(months);
    }
    for (const Months& months : extremes) {
        for (const CountForecast& month : forecast_counts(months, 7)) {
            EXPECT_TRUE(std::isfinite(month.expected)) << months.size() << " " << months.back();
            EXPECT_GE(month.expected, 0);
            if (months.size() < kBoundedMonths) continue;
            EXPECT_TRUE(std::isfinite(month.high)) << months.size() << " " << months.back();
            EXPECT_GE(month.low, 0);
            EXPECT_LE(month.low, month.expected);
            EXPECT_LE(month.expected, month.high);
        }
    }
    EXPECT_NEAR(forecast_counts(Months(30, 7), 6)[5].expected, 7, 1e-9);
    EXPECT_NEAR(forecast_counts(Months(30), 6)[5].high, 0, 1e-9);
}

// An 80 % interval that covers as much.
TEST(Forecast, CoversSimulatedCounts) {
    for (std::size_t length : {24u, 36u, 60u}) {
        double sum = 0;
        for (double level : {10, 40, 160}) sum += simulated_coverage(length, level);
        EXPECT_GE(sum / 3, 0.75) << length;
        EXPECT_LE(sum / 3, 0.85) << length;
    }
}

// R: qt(0.9, c(3, 5, 11, 30))
TEST(Forecast, HasStudentsQuantile) {
    constexpr double kNormal = 1.2815515655446004;
    EXPECT_NEAR(student_quantile(kNormal, 3), 1.637744354, 0.001);
    EXPECT_NEAR(student_quantile(kNormal, 5), 1.475884049, 1e-4);
    EXPECT_NEAR(student_quantile(kNormal, 11), 1.363430318, 1e-6);
    EXPECT_NEAR(student_quantile(kNormal, 30), 1.310415025, 1e-8);
}

}  // namespace
}  // namespace lead_scoring
