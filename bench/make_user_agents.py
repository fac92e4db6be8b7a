# SPDX-License-Identifier: Apache-2.0
"""Writes bench/generate/user_agents.txt: 560 user agents in order of popularity, made from templates.

usage: python3 bench/make_user_agents.py > bench/generate/user_agents.txt
The list is committed, so nobody needs to run this; it says where the lines come from and how to make more.
"""

import itertools

WINDOWS = ["Windows NT 10.0; Win64; x64", "Windows NT 6.1; WOW64", "Windows NT 6.3; WOW64", "Windows NT 6.1"]
MACS = ["Macintosh; Intel Mac OS X 10_15_7", "Macintosh; Intel Mac OS X 10_9_1", "Macintosh; Intel Mac OS X 10_13_6"]
LINUX = ["X11; Linux x86_64", "X11; Ubuntu; Linux x86_64", "X11; CrOS x86_64 14541.0.0"]
CHROMES = [f"{major}.0.{build}" for major, build in
           [(142, "0.0"), (141, "0.0"), (140, "0.0"), (139, "0.0"), (138, "0.0"), (131, "0.0"), (120, "0.0"),
            (109, "0.0"), (103, "5060.134"), (87, "4280.141"), (64, "3282.186"), (49, "2623.112"), (137, "0.0"), (136, "0.0"),
            (134, "0.0"), (133, "0.0"), (130, "0.0"), (129, "0.0"), (128, "0.0"), (126, "0.0"), (124, "0.0"), (122, "0.0"),
            (119, "0.0"), (116, "0.0"), (114, "0.0"), (79, "3945.130")]]
FIREFOXES = ["145.0", "144.0", "143.0", "140.0", "128.0", "115.0", "102.0", "78.0", "52.0"]
PHONES = ["SM-S928B", "SM-A546E", "SM-G991U", "Pixel 9 Pro", "Pixel 7a", "M2101K6G", "2201117TY", "CPH2387", "moto g(60)",
          "RMX3085", "LM-Q730", "SM-A125F"]
TABLETS = ["SM-X710", "SM-T510", "Lenovo TB-X606F", "KFTRWI"]
IOS = ["18_6_2", "18_1_1", "17_7", "16_7_10", "15_8_3", "12_5_7"]
CRAWLERS = [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    "Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)",
    "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
    "Mozilla/5.0 (compatible; Baiduspider/2.0; +http://www.baidu.com/search/spider.html)",
    "Mozilla/5.0 (compatible; DotBot/1.2; +https://opensiteexplorer.org/dotbot; help@moz.com)",
    "Mozilla/5.0 (compatible; MJ12bot/v1.4.8; http://mj12bot.com/)",
    "Mozilla/5.0 (compatible; PetalBot;+https://webmaster.petalsearch.com/site/petalbot)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    "Mozilla/5.0 (compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Twitterbot/1.0", "DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)", "Tiny Tiny RSS/1.11 (http://tt-rss.org/)",
    "UniversalFeedParser/4.2-pre-314-svn +http://feedparser.org/", "FeedBurner/1.0 (http://www.FeedBurner.com)",
    "Go-http-client/1.1", "Go-http-client/2.0", "curl/8.5.0", "curl/7.88.1", "curl/7.61.1", "Wget/1.21.3", "Wget/1.20.3 (linux-gnu)",
    "python-requests/2.32.3", "python-requests/2.28.1", "Python-urllib/3.11", "python-httpx/0.27.0", "aiohttp/3.9.5", "okhttp/4.12.0",
    "okhttp/3.14.9", "Java/17.0.9", "Java/1.8.0_392", "Apache-HttpClient/4.5.14 (Java/11.0.21)", "axios/1.7.2", "node-fetch/1.0",
    "libwww-perl/6.72", "Prometheus/2.48.0", "kube-probe/1.29", "ELB-HealthChecker/2.0", "zgrab/0.x", "masscan/1.3",
]
ODD = [
    "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1; WOW64; Trident/5.0)", "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko", "Mozilla/5.0 (PlayStation; PlayStation 5/8.40) AppleWebKit/605.1.15 (KHTML, like Gecko)",
    "Mozilla/5.0 (SMART-TV; LINUX; Tizen 6.5) AppleWebKit/537.36 (KHTML, like Gecko) 85.0.4183.93/6.5 TV Safari/537.36",
    "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/94.0.4606.128 Safari/537.36 WebAppManager",
    "Opera/9.80 (Android; Opera Mini/7.5.33361/191.227; U; en) Presto/2.12.423 Version/12.16",
    "Opera/9.80 (J2ME/MIDP; Opera Mini/9.80 (S60; SymbOS; Opera Mobi/23.348; U; en) Presto/2.5.25 Version/10.54",
    "Mozilla/5.0 (BB10; Touch) AppleWebKit/537.10+ (KHTML, like Gecko) Version/10.0.9.2372 Mobile Safari/537.10+", "Mozilla/5.0", "test", "Dalvik/2.1.0 (Linux; U; Android 11; SM-A125F Build/RP1A.200720.012)",
]
KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


def in_turn(*lists):
    """Takes one of each list after the other, so that every kind has popular members."""
    for row in itertools.zip_longest(*lists):
        yield from (agent for agent in row if agent)


def agents():
    desktops = WINDOWS + MACS + LINUX
    chrome = [f"Mozilla/5.0 ({p}) {KIT} Chrome/{v} Safari/537.36" for v in CHROMES for p in desktops]
    edge = [f"Mozilla/5.0 ({p}) {KIT} Chrome/{v} Safari/537.36 Edg/{v}" for v in CHROMES[:6] for p in WINDOWS[:1] + MACS[:2]]
    opera = [f"Mozilla/5.0 ({p}) {KIT} Chrome/{v} Safari/537.36 OPR/{int(v[:3]) - 15}.0.0.0" for v in CHROMES[:4] for p in WINDOWS[:2]]
    firefox = [f"Mozilla/5.0 ({p}; rv:{v}) Gecko/20100101 Firefox/{v}" for v in FIREFOXES
               for p in WINDOWS + ["Macintosh; Intel Mac OS X 10.15"] + LINUX[:2]]
    safari = [f"Mozilla/5.0 ({MACS[0]}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{v} Safari/605.1.15"
              for v in ["18.6", "18.1", "17.6", "16.6", "15.6.1", "14.1.2"]]
    android = [f"Mozilla/5.0 (Linux; Android {release}; {phone}) {KIT} Chrome/{v} Mobile Safari/537.36"
               for release, v in [(15, CHROMES[0]), (14, CHROMES[1]), (13, CHROMES[3]), (12, CHROMES[5]), (10, CHROMES[7])]
               for phone in PHONES]
    reduced = [f"Mozilla/5.0 (Linux; Android 10; K) {KIT} Chrome/{v} Mobile Safari/537.36" for v in CHROMES[:8]]
    tablet = [f"Mozilla/5.0 (Linux; Android {release}; {device}) {KIT} Chrome/{v} Safari/537.36"
              for release, v in [(14, CHROMES[0]), (13, CHROMES[2]), (11, CHROMES[6])] for device in TABLETS]
    iphone = [f"Mozilla/5.0 (iPhone; CPU iPhone OS {v} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
              f"{program}/{number} Mobile/15E148 Safari/604.1"
              for v in IOS for program, number in [("Version", v.split("_")[0] + ".0"), ("CriOS", "142.0.7444.46"), ("FxiOS", "145.0")]]
    in_app = [f"Mozilla/5.0 (iPhone; CPU iPhone OS {v} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 "
              f"[FBAN/FBIOS;FBAV/{n}.0.0.41.108;FBDV/iPhone14,5;FBMD/iPhone;FBSN/iOS;FBSV/{v.replace('_', '.')}]"
              for v in IOS[:4] for n in (535, 512, 488)]
    webview = [f"Mozilla/5.0 (Linux; Android 13; {phone} Build/TP1A.220624.014; wv) {KIT} Version/4.0 Chrome/{v} Mobile Safari/537.36"
               for v in CHROMES[:3] for phone in PHONES]
    ipad = [f"Mozilla/5.0 (iPad; CPU OS {v} like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{v.split('_')[0]}.0 "
            f"Mobile/15E148 Safari/604.1" for v in IOS]
    samsung = [f"Mozilla/5.0 (Linux; Android 14; {phone}) {KIT} SamsungBrowser/{v} Chrome/115.0.0.0 Mobile Safari/537.36"
               for v in ("27.0", "26.0", "23.0") for phone in PHONES if phone.startswith("SM-")]
    crawler = CRAWLERS + [f"Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) {KIT} Chrome/{v} Mobile Safari/537.36 "
                          f"(compatible; Googlebot/2.1; +http://www.google.com/bot.html)" for v in CHROMES[:6]]
    everything = in_turn(chrome, reduced + android, iphone, firefox, crawler, safari + edge + opera, webview, samsung + in_app,
                         ipad + tablet, ODD)
    return list(dict.fromkeys(everything))[:560]


if __name__ == "__main__":
    for agent in agents():
        print(agent)
