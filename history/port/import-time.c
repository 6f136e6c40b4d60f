/* Times: numbers, ISO 8601, and SillyTavern's two forms. */
#include <config.h>

#include "history/port/import-time.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <jansson.h>

#define YEAR_9999_S 253402300799.0
#define SECONDS_MAX 1e11 /* a larger number counts milliseconds: seconds would be after the year 5000 */

static int64_t time_from_number(double number, int64_t otherwise)
{
    double seconds = number < SECONDS_MAX ? number : number / 1000;
    return seconds > 0 && seconds < YEAR_9999_S ? (int64_t)(seconds * 1000 + 0.5) : otherwise;
}

static bool is_date(const struct tm *tm)
{
    return tm->tm_year >= 70 && tm->tm_year < 8100 && tm->tm_mon >= 0 && tm->tm_mon < 12 && tm->tm_mday >= 1 &&
           tm->tm_mday <= 31 && tm->tm_hour >= 0 && tm->tm_hour < 24 && tm->tm_min >= 0 && tm->tm_min < 60 &&
           tm->tm_sec >= 0 && tm->tm_sec <= 60;
}

/* Days since 1970 of a date of the Gregorian calendar (Howard Hinnant, "chrono-compatible low-level date
 * algorithms"). */
static int64_t days_since_1970(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = year / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t utc_seconds(const struct tm *tm)
{
    return days_since_1970(tm->tm_year + 1900, tm->tm_mon + 1, tm->tm_mday) * 86400 + tm->tm_hour * 3600 +
           tm->tm_min * 60 + tm->tm_sec;
}

/* The fraction of a second in milliseconds, of "." and digits at *p, which moves past them. */
static int read_fraction(const char **p)
{
    int value = 0, scale = 100;
    if (**p != '.' && **p != ',')
        return 0;
    for (++*p; **p >= '0' && **p <= '9'; ++*p, scale /= 10)
        value += (**p - '0') * scale;
    return value;
}

/* 2024-05-01T10:00:00.123Z, with +02:00 or nothing (UTC) at the end, a blank for the T, or without a time. */
static bool read_iso(const char *text, int64_t *out)
{
    struct tm tm = {0};
    int used = 0, hours = 0, minutes = 0;
    if (sscanf(text, "%4d-%2d-%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &used) != 3)
        return false;
    const char *p = text + used;
    used = 0;
    if ((*p == 'T' || *p == 't' || *p == ' ') && sscanf(p + 1, "%2d:%2d%n", &tm.tm_hour, &tm.tm_min, &used) == 2) {
        p += 1 + used;
        if (sscanf(p, ":%2d%n", &tm.tm_sec, &used) == 1)
            p += used;
    } else if (*p != '\0') {
        return false;
    }
    int fraction = read_fraction(&p);
    if ((*p == '+' || *p == '-') && sscanf(p + 1, "%2d:%2d", &hours, &minutes) < 1)
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    if (!is_date(&tm))
        return false;
    *out = (utc_seconds(&tm) - (*p == '-' ? -1 : 1) * (hours * 3600 + minutes * 60)) * 1000 + fraction;
    return true;
}

static int month_by_name(const char *name)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    for (int i = 0; i < 12; i++)
        if (strncasecmp(names + 3 * i, name, 3) == 0)
            return i;
    return -1;
}

/* "May 1, 2024 10:00am" and "2024-05-01@10h00m00s" of SillyTavern, in local time. */
static bool read_sillytavern(const char *text, int64_t *out)
{
    struct tm tm = {.tm_isdst = -1};
    char month[16], half[3] = "";
    if (sscanf(text, "%4d-%2d-%2d @%2dh %2dm %2ds", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
               &tm.tm_sec) >= 5) {
        tm.tm_mon -= 1;
    } else if (sscanf(text, "%15[A-Za-z] %2d, %4d %2d:%2d %2[apmAPM]", month, &tm.tm_mday, &tm.tm_year, &tm.tm_hour,
                      &tm.tm_min, half) == 6) {
        tm.tm_mon = month_by_name(month);
        tm.tm_hour = tm.tm_hour % 12 + (half[0] == 'p' || half[0] == 'P' ? 12 : 0);
    } else {
        return false;
    }
    tm.tm_year -= 1900;
    if (!is_date(&tm))
        return false;
    time_t seconds = mktime(&tm);
    *out = (int64_t)seconds * 1000;
    return seconds > 0;
}

int64_t import_time(const json_t *value, int64_t otherwise)
{
    int64_t when = 0;
    char *end = NULL;
    if (json_is_number(value))
        return time_from_number(json_number_value(value), otherwise);
    const char *text = json_string_value(value);
    if (text == NULL)
        return otherwise;
    if (read_iso(text, &when) || read_sillytavern(text, &when))
        return when > 0 ? when : otherwise;
    double number = strtod(text, &end);
    return end != text && *end == '\0' ? time_from_number(number, otherwise) : otherwise;
}
