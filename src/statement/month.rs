//! Names of months in the languages of bank files.

use crate::text::fold;

/// By month; folded to upper case without marks. A name may be shortened to as many letters as leave it
/// one month in all of these languages; where languages differ in what a short name means, it is left out.
const NAMES: [&str; 12] = [
    "JANUARY JANUAR JANNER JANVIER JANUARI ENERO GENNAIO JANV JANEIRO STYCZEN STYCZNIA LEDEN LEDNA \
     SAUSIS TAMMIKUU JAN GEN ENE STY IANUARIE IAN OCAK OCA ЯНВАРЬ ЯНВАРЯ ЯНВ СІЧНЯ СІЧЕНЬ",
    "FEBRUARY FEBRUAR FEVRIER FEBRUARI FEBRERO FEBBRAIO FEVEREIRO LUTY LUTEGO UNOR UNORA HELMIKUU \
     FEB FEV FEVR LUT FEBRUARIE SUBAT SUB ФЕВРАЛЬ ФЕВРАЛЯ ФЕВ ЛЮТОГО ЛЮТИИ",
    "MARCH MARZ MARS MAART MARZO MARCO MARZEC MARCA BREZEN BREZNA MAALISKUU MARCIUS MAR MRZ MRT \
     MARTIE MART MARET МАРТ МАРТА МАР БЕРЕЗНЯ БЕРЕЗЕНЬ",
    "APRIL AVRIL ABRIL APRILE KWIECIEN KWIETNIA DUBEN DUBNA HUHTIKUU APRILIS APR AVR ABR KWI APRILIE \
     NISAN NIS АПРЕЛЬ АПРЕЛЯ АПР КВІТНЯ КВІТЕНЬ",
    "MAY MAI MEI MAYO MAGGIO MAIO MAJ MAJA KVETEN KVETNA TOUKOKUU MAJUS MAG MAYIS МАИ МАЯ ТРАВНЯ ТРАВЕНЬ",
    "JUNE JUNI JUIN JUNIO GIUGNO JUNHO CZERWIEC CZERWCA CERVEN CERVNA KESAKUU JUNIUS JUN GIU CZE \
     IUNIE IUN HAZIRAN HAZ ИЮНЬ ИЮНЯ ИЮН ЧЕРВНЯ ЧЕРВЕНЬ",
    "JULY JULI JUILLET JULIO LUGLIO JULHO LIPIEC LIPCA CERVENEC CERVENCE HEINAKUU JULIUS JUL JUIL LUG LIP \
     IULIE IUL TEMMUZ TEM ИЮЛЬ ИЮЛЯ ИЮЛ ЛИПНЯ ЛИПЕНЬ",
    "AUGUST AOUT AUGUSTUS AUGUSTI AGOSTO SIERPIEN SIERPNIA SRPEN SRPNA ELOKUU AUGUSZTUS AUG AOU AGO SIE \
     AGUSTUS AGT AGUSTOS AGU АВГУСТ АВГУСТА АВГ СЕРПНЯ СЕРПЕНЬ",
    "SEPTEMBER SEPTEMBRE SEPTIEMBRE SETTEMBRE SETEMBRO WRZESIEN WRZESNIA ZARI SYYSKUU SZEPTEMBER \
     SEPT SEP SET WRZ SEPTEMBRIE EYLUL EYL СЕНТЯБРЬ СЕНТЯБРЯ СЕН СЕНТ ВЕРЕСНЯ ВЕРЕСЕНЬ",
    "OCTOBER OKTOBER OCTOBRE OCTUBRE OTTOBRE OUTUBRO PAZDZIERNIK PAZDZIERNIKA RIJEN RIJNA LOKAKUU \
     OCT OKT OTT OUT PAZ OCTOMBRIE EKIM EKI ОКТЯБРЬ ОКТЯБРЯ ОКТ ЖОВТНЯ ЖОВТЕНЬ",
    "NOVEMBER NOVEMBRE NOVIEMBRE NOVEMBRO MARRASKUU NOV NOIEMBRIE NOI KASIM KAS НОЯБРЬ НОЯБРЯ \
     НОЯ НОЯБ ЛИСТОПАДА",
    "DECEMBER DEZEMBER DECEMBRE DICIEMBRE DICEMBRE DEZEMBRO GRUDZIEN GRUDNIA PROSINEC PROSINCE \
     JOULUKUU DEC DEZ DIC GRU DECEMBRIE DESEMBER DES ARALIK ARA ДЕКАБРЬ ДЕКАБРЯ ДЕК ГРУДНЯ ГРУДЕНЬ",
];

const WEEKDAYS: &str = "MON MONDAY TUE TUESDAY WED WEDNESDAY THU THURSDAY FRI FRIDAY SAT SATURDAY SUN SUNDAY";

/// The month of a name, in any case, with or without marks and a point behind it.
pub(super) fn by_name(text: &str) -> Option<u32> {
    if text.len() < 3 || text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let name = fold(text.trim_end_matches('.')).replace('Ł', "L");
    (1..).zip(NAMES).find(|(_, names)| names.split(' ').any(|known| known == name)).map(|(month, _)| month)
}

pub(super) fn is_weekday(word: &str) -> bool {
    let upper = word.to_ascii_uppercase();
    WEEKDAYS.split(' ').any(|day| day == upper)
}

/// `15Jan2024` in its parts.
pub(super) fn parted(text: &str) -> Option<[&str; 3]> {
    let name_at = text.find(|c: char| !c.is_ascii_digit()).filter(|at| (1..=2).contains(at))?;
    let (day, behind) = text.split_at_checked(name_at)?;
    let year_at = behind.find(|c: char| !c.is_alphabetic())?;
    let (name, year) = behind.split_at_checked(year_at)?;
    by_name(name).is_some().then_some([day, name, year])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_known_by_their_names_in_many_languages() {
        for (name, month) in [
            ("January", 1),
            ("janv.", 1),
            ("ene", 1),
            ("stycznia", 1),
            ("Feb", 2),
            ("März", 3),
            ("août", 8),
            ("října", 10),
            ("Dezember", 12),
            ("SEPT", 9),
        ] {
            assert_eq!(by_name(name), Some(month), "{name}");
        }
        for other in ["Total", "Ma", "jan2", "listopad", "", "Juna"] {
            assert_eq!(by_name(other), None, "{other}");
        }
    }

    #[test]
    fn no_name_is_of_two_months() {
        let mut names: Vec<&str> = NAMES.iter().flat_map(|names| names.split(' ')).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
