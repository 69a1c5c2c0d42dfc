// Periods, by their grain and first day: how they are written, and how many of them charts have room for.

const format = (options) => {
    const formatter = new Intl.DateTimeFormat('en-US', { ...options, timeZone: 'UTC' });
    return (date) => {
        const at = new Date(`${date}T00:00:00Z`);
        return isNaN(at) ? date : formatter.format(at); // infinity, and dates before Christ
    };
};
const year = format({ year: 'numeric' }), month = format({ month: 'short' }), day = format({ month: 'short', day: 'numeric' });
const quarter = (date) => `Q${Math.ceil(Number(date.slice(5, 7)) / 3)}`;

export const formatDate = format({ year: 'numeric', month: 'short', day: 'numeric' });

const GRAINS = {
    day: { room: 31, title: 'Day', text: formatDate, tick: day },
    week: { room: 26, title: 'Week', text: (date) => `Week of ${formatDate(date)}`, tick: (date) => `Week of\n${day(date)}` },
    month: { room: 24, title: 'Month', text: (date) => `${month(date)} ${year(date)}`, tick: month },
    quarter: { room: 12, title: 'Quarter', text: (date) => `${quarter(date)} ${year(date)}`, tick: quarter },
};

export const periodTitle = (grain) => GRAINS[grain].title;
export const formatPeriod = (date, grain) => GRAINS[grain].text(date);
export const formatTick = (date, grain) => `${GRAINS[grain].tick(date)}\n${year(date)}`;

// The latest ones that charts show.
export const latest = (periods, grain) => periods.slice(-GRAINS[grain].room);
